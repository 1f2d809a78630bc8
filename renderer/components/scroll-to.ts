/** Scrolls the nearest scrolling box, and only that one, so that `target` is at its top. */
export function scrollTo(target: Element | null | undefined): void {
  let box = target?.parentElement ?? null;
  while (box !== null && !/auto|scroll/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
  if (box === null || target === null || target === undefined) return;
  box.scrollTop += target.getBoundingClientRect().top - box.getBoundingClientRect().top;
}
