"""What is sent to the interface and what it answers, for example: the document about it shows them."""

from __future__ import annotations

from typing import Any

# By the name of the operation.
BODIES: dict[str, Any] = {
    "photos_rename": {"name": "Harbour"},
    "selections_select": {"included": [4, 5, 6], "excluded": [9]},
    "selections_gesture": {"tool": "object", "box": [120, 80, 300, 260]},
    "selections_anticipated": {"tool": "object", "points": [[120, 80], [160, 110]], "start": "stroke"},
    "searches_new_search": {"photo": "0b0e5c2e-6c43-4b8e-9a53-2a4f8f1f6f0a", "preset": "kind", "licence": "CC BY"},
    "searches_change": {"name": "Red boats", "is_pinned": True},
    "searches_judge": {"liked": True, "regions": [12]},
    "gallery_change": {"title": "Boats in the harbour", "tags": ["boat", "harbour"]},
    "gallery_change_many": {"images": [3, 4], "change": "tag", "value": "harbour"},
    "workspace_cut": {"box": [1000, 500, 3000, 2000]},
}

_PHOTO = "0b0e5c2e-6c43-4b8e-9a53-2a4f8f1f6f0a"
_SEARCH = "5a7f1f0e-9d0b-4c59-8f0a-6a2f4a1c7b11"
_MORNING, _LATER = "2026-11-26T09:30:00Z", "2026-11-26T09:31:00Z"
_MASK = {"size": [2, 2], "counts": "13"}
_LABELS = {"encoding": "lists", "rows": [[0, 0, 1], [0, 2, 1]]}
_SEGMENTS = [
    {"label": 0, "area": 3, "centroid": [0.3, 0.3], "mean_colour": [201.0, 43.5, 40.0]},
    {"label": 1, "area": 2, "centroid": [2.0, 0.5], "mean_colour": [20.0, 60.0, 130.5]},
    {"label": 2, "area": 1, "centroid": [1.0, 1.0], "mean_colour": [22.0, 58.0, 128.0]},
]
_NEIGHBOURS, _TREE = [[0, 1], [0, 2], [1, 2]], [4, 3, 3, 4, 4]
_REGION = {"id": 512, "node": 3907, "box": [120, 80, 300, 260], "share": 0.04}
_BRIEF = {
    "id": 3,
    "photo": _PHOTO,
    "title": "Boats in the harbour",
    "creator": "A. Painter",
    "licence": "CC BY 4.0",
    "source_url": "https://example.org/boats",
    "taken": "1912-06-01",
    "is_public": True,
    "width": 1024,
    "height": 683,
    "page": "/gallery/3/",
    "picture": f"/api/v1/photos/{_PHOTO}/picture",
}
_IMAGE = {
    **_BRIEF,
    "description": "Two fishing boats at low tide.",
    "tags": ["boat", "harbour"],
    "created": _MORNING,
    "status": "indexed",
    "error": "",
    "is_withdrawn": False,
    "regions": [_REGION],
}
_HIT = {
    "image": _BRIEF,
    "score": 87,
    "closeness": "close match",
    "scores_by_space": {"appearance": 82, "meaning": 91},
    "scores_by_part": [],
    "points": 0,
    "feedback": "",
    "regions": [_REGION],
    "outline": {"node": 3907, "box": [120, 80, 300, 260], "mask": _MASK},
    "copies": [],
}
_SEARCH_OUT = {
    "id": _SEARCH,
    "photo": _PHOTO,
    "name": "Red boats",
    "is_pinned": True,
    "last_asked": _LATER,
    "options": {"preset": "thing", "licence": "CC BY"},
    "options_in_words": "the same thing, licence CC BY",
    "page": f"/searches/{_SEARCH}/",
    "best": [3, 17, 4],
}
_FEEDBACK = {"image": 3, "liked": True, "nodes": [3907]}
_PHOTO_OUT = {
    "id": _PHOTO,
    "name": "Harbour.jpg",
    "is_public": False,
    "created": _MORNING,
    "width": 1024,
    "height": 683,
    "original_width": 4000,
    "original_height": 2667,
    "original_bytes": 3145728,
    "original_type": "image/jpeg",
    "version": "5f0c2a",
    "workspace": f"/photos/{_PHOTO}/",
    "working_copy": f"/api/v1/photos/{_PHOTO}/picture",
    "thumbnail": f"/api/v1/photos/{_PHOTO}/picture?size=thumbnail",
}
_SELECTION = {
    "photo": _PHOTO,
    "label_map": 17,
    "revision": "17.3",
    "n_superpixels": 2013,
    "included": [4, 5, 6],
    "excluded": [9],
    "mask": _MASK,
    "excluded_mask": {"size": [2, 2], "counts": "4"},
    "box": [0, 0, 2, 2],
    "share": 0.04,
    "can_undo": True,
    "can_redo": False,
    "description": "4% of the photo is selected.",
    "sentence": "",
    "updated": _LATER,
}
_JOB = {
    "id": 3,
    "kind": "indexing",
    "title": "Index 331 images",
    "state": "working",
    "total": 331,
    "done": 120,
    "failed": 0,
    "skipped": 0,
    "rate": 8.2,
    "seconds_left": 25.7,
    "notices": [],
    "problem": "",
    "created": _MORNING,
    "started": "2026-11-26T09:30:01Z",
    "finished": None,
}
# By the name of the schema.
ANSWERS: dict[str, Any] = {
    "Anticipated": {
        "found": True,
        "superpixels": [4, 5, 6],
        "mask": _MASK,
        "box": [0, 0, 2, 2],
    },
    "Changed": {"changed": 2, "job": None},
    "Choices": {"tags": ["boat", "harbour"], "licences": ["CC BY 4.0"], "creators": ["A. Painter"]},
    "DetailOut": {"id": _SEARCH, "state": "ready", "photo": _PHOTO, "problem": "", "before": 0},
    "FeedbackOut": _FEEDBACK,
    "FeedbacksOut": {"feedback": [_FEEDBACK]},
    "HitsOut": {
        "hits": [_HIT],
        "total": 24,
        "sentence": "1 close match, 23 weaker ones.",
        "notices": [],
        "is_filtered_out": False,
        "is_thing_proposed": False,
        "checking": None,
        "next": "cD0y",
    },
    "ImageOut": _IMAGE,
    "ImagesOut": {"images": [_BRIEF], "next": None},
    "JobOut": _JOB,
    "JobsOut": {"jobs": [_JOB], "next": None},
    "LinksOut": {"links": [{"id": 8, "created": _MORNING, "copies": 2}]},
    "NewLink": {"id": 8, "address": "https://example.org/s/8kQ2/"},
    "PhotoLabels": {
        "photo": _PHOTO,
        "label_map": 17,
        "width": 3,
        "height": 2,
        "engine": "slic",
        "level": None,
        "n_superpixels": 3,
        "n_segments": 3,
        "labels": _LABELS,
        "segments": _SEGMENTS,
        "neighbours": _NEIGHBOURS,
        "regions": [0, 1, 2],
        "merge_tree": _TREE,
    },
    "PhotoOut": _PHOTO_OUT,
    "PhotosOut": {"photos": [_PHOTO_OUT], "next": None},
    "SearchOut": _SEARCH_OUT,
    "SearchesOut": {"searches": [_SEARCH_OUT], "next": None},
    "Segmentation": {
        "width": 3,
        "height": 2,
        "original_width": 3,
        "original_height": 2,
        "engine": "slic",
        "version": 1,
        "n_segments": 3,
        "labels": _LABELS,
        "segments": _SEGMENTS,
        "neighbours": _NEIGHBOURS,
        "merge_tree": _TREE,
    },
    "SelectionOut": _SELECTION,
    "SelectionsOut": {"selections": [_SELECTION], "next": None},
    "Statistics": {
        "images": [{"name": "indexed", "number": 331}],
        "spaces": [{"name": "appearance", "is_ready": True, "images": 331, "vectors": 5296}],
        "queues": [{"name": "indexing", "waiting": 0, "under_way": 0, "things": 0, "oldest": None}],
        "years": [{"name": "1912", "number": 4}],
        "without_date": 120,
        "tags": [{"name": "boat", "number": 31}],
        "bytes": [{"name": "originals", "number": 731000000}],
        "photos": 350,
        "label_maps": 362,
        "workers": 1,
        "failures": [],
        "free_bytes": 52000000000,
        "counted": _MORNING,
    },
}
