// The route as state: it changes when the address does.
import { useEffect, useState } from 'preact/hooks';
import { readRoute, type Route } from '../route.js';

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = (): void => setHash(location.hash);
    addEventListener('hashchange', read);
    // It may have changed since the page was first drawn.
    read();
    return () => removeEventListener('hashchange', read);
  }, []);
  return readRoute(hash);
}

/** `replace`: without a new entry in the browser's history. */
export function go(href: string, replace = false): void {
  if (replace) location.replace(href);
  else location.assign(href);
}
