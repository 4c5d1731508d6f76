"""The web server: waitress, with limits on what slow and greedy clients may hold.

waitress reads whole requests and writes whole answers in one thread, so that no client keeps a thread waiting. What it
lacks for a site that strangers reach stands here: deadlines and least rates (`channel`), limits on connections and
disk (`server`), requests refused in time (`requests`), and answers that must not wait for a free thread (`answers`).
Nothing here knows Django.
"""
