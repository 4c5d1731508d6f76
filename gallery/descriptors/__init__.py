"""Ways to describe a region of an image as a vector; pure, each loaded only when it is used."""
