"""Ways to describe a region of an image as a vector. Pure: no Django, no models; each is loaded when it is used."""
