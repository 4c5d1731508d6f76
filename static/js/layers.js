// Drawing superpixels on a canvas the size of the photo, touching only the pixels that change.

export class Layer {
  constructor(canvas) {
    this.width = canvas.width;
    this.context = canvas.getContext("2d");
    this.image = this.context.createImageData(canvas.width, canvas.height);
    // RGBA as the little-endian words of an ImageData.
    this.words = new Uint32Array(this.image.data.buffer);
    this.lit = [];
  }

  /** Colour superpixels and show what changed. `colour` maps a pixel's index to its word. */
  paint(segmentation, superpixels, colour) {
    const { width } = this;
    let left = width, top = Infinity, right = 0, bottom = 0;
    for (const superpixel of superpixels) {
      const pixels = segmentation.pixelsOf(superpixel);
      for (const pixel of pixels) {
        this.words[pixel] = colour(pixel);
        const x = pixel % width;
        if (x < left) left = x;
        if (x >= right) right = x + 1;
      }
      top = Math.min(top, Math.floor(pixels[0] / width));
      bottom = Math.max(bottom, Math.floor(pixels[pixels.length - 1] / width) + 1);
    }
    if (right > left) this.context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
  }

  /** Light these superpixels and no others. */
  light(segmentation, superpixels, colour) {
    this.paint(segmentation, this.lit, () => 0);
    this.lit = superpixels;
    this.paint(segmentation, superpixels, colour);
  }
}
