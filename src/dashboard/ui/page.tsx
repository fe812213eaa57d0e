// The frame of every page: its heading takes the focus when the page is come to, and names the window.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface PageProps {
  readonly title: string;
  /** What the window is called; default: the title. */
  readonly windowTitle?: string;
  /** Beside the heading. */
  readonly aside?: ComponentChildren;
  /** Takes the focus instead of the heading, also on the first page. */
  readonly focus?: RefObject<HTMLElement | null>;
  readonly children: ComponentChildren;
}

let first = true;

export function Page({ title, windowTitle, aside, focus, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before the page is painted: no key that is pressed meanwhile finds the focus nowhere.
  useLayoutEffect(() => {
    if (focus || !first) (focus ?? heading).current?.focus();
    first = false;
    scrollTo(0, 0);
  }, []);
  useEffect(() => {
    document.title = `${windowTitle ?? title} · Longhaul`;
  }, [windowTitle, title]);
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </>
  );
}
