/** What is measured inside a page. Times are milliseconds of the page's clock. */
interface Probe {
  /** Begins to wait for this text in the shown terminal's rows; its time is counted from the last Enter. */
  watchForText(text: string): void;
  /** Begins to wait for a change of the shown terminal's rows; its time is counted from the next key press. */
  watchForEcho(): void;
  /** Resolves with the time that what was last waited for took until it was painted. */
  result: Promise<number>;
}

declare global {
  interface Window {
    bench: Probe;
  }
}

/** Puts the probe into a page, before anything else runs there. It must not use anything outside of itself. */
export function installProbe(): void {
  let enterMs = 0;
  let keyMs: number | null = null;
  const shownRows = (): HTMLElement => {
    const rows = [...document.querySelectorAll<HTMLElement>('.xterm-rows')].find(
      (found) => found.offsetParent !== null,
    );
    if (rows === undefined) throw new Error('No terminal is shown');
    return rows;
  };
  /** Rows change just before a frame is painted; a message posted then arrives just after. */
  const whenPainted = (then: (atMs: number) => void): void => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      then(performance.now());
    };
    port2.postMessage(null);
  };
  const observe = (seen: (rows: HTMLElement) => boolean): Promise<number> =>
    new Promise((resolve) => {
      const rows = shownRows();
      const observer = new MutationObserver(() => {
        if (!seen(rows)) return;
        observer.disconnect();
        whenPainted(resolve);
      });
      observer.observe(rows, { childList: true, subtree: true, characterData: true });
      if (seen(rows)) {
        observer.disconnect();
        resolve(performance.now());
      }
    });
  window.addEventListener(
    'keydown',
    (event) => {
      keyMs = event.timeStamp;
      if (event.key === 'Enter') enterMs = event.timeStamp;
    },
    { capture: true },
  );
  window.bench = {
    watchForText(text) {
      this.result = observe((rows) => rows.textContent.includes(text)).then((atMs) => atMs - enterMs);
    },
    watchForEcho() {
      keyMs = null;
      const before = shownRows().textContent;
      this.result = observe((rows) => keyMs !== null && rows.textContent !== before).then(
        (atMs) => atMs - (keyMs ?? atMs),
      );
    },
    result: Promise.resolve(0),
  };
}
