"""The whole way through the site in Firefox and WebKit, beside the Chromium of the other browser tests.

    make browsers

Needs what Debian calls firefox-esr, webkit2gtk-driver and xvfb; a browser that is not installed is
skipped with a sentence.
"""
