// The colours of what is drawn on the photo; of the tints the same as the server's.

/** Of what is included, as red, green and blue. */
export const INCLUDED = [30, 110, 245];
/** Of what is excluded. */
export const EXCLUDED = [240, 120, 0];

// The same and others as the words of an ImageData, which are ABGR.
export const INCLUDE = 0xfff56e1e, EXCLUDE = 0xff0078f0, LIGHT = 0x52ffffff, WHITE = 0xffffffff, BLACK = 0xff000000;
