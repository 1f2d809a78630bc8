/** Where terminals are shown; set by the component that shows them. */
let element: HTMLElement | null = null;

export function setPaneElement(next: HTMLElement | null): void {
  element = next;
}

/** The size a terminal has to fit into, in CSS pixels. */
export function paneArea(): { width: number; height: number } {
  return { width: element?.clientWidth ?? 0, height: element?.clientHeight ?? 0 };
}
