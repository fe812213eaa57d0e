// Whether anybody can see this page: one in a tab behind others asks for nothing.
import { useEffect, useState } from 'preact/hooks';

export function useVisible(): boolean {
  const [visible, setVisible] = useState(() => !document.hidden);
  useEffect(() => {
    const look = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', look);
    look();
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}
