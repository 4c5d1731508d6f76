"""How the collection is: what it holds, what waits and what has failed, as figures and plots."""
