"""From a search to its answer, in the order of the work.

`ask` runs the whole. `options` are the filters and controls of a search, `parts` the connected parts of its selection,
`feedback` what was said about earlier hits. `query` makes one vector for each part and descriptor space of them.
`candidates` are the images that may answer; `nearest` finds regions of them near to a query vector, `calibration` and
`scoring` turn similarities into scores that can be compared, `ranked_images` orders the images by these, and `answers`
makes hits and sentences of the order. `expressions` is the SQL that they share.

Beside that way lie `regions` (the superpixels of a region that matched), `filter_choices` (what there is to filter by)
and `history` (past searches).
"""
