/** Narrower than this, in CSS pixels, the panel takes the window's whole width instead of sharing it. */
export const NARROW_PX = 640;
