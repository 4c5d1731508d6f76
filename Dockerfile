# The site's image. It serves the web by default, with a DATABASE_URL and a SECRET_KEY; compose.yaml also runs the
# migrations and a worker from it.
#   docker build --tag superpixel-search --build-arg LIGHT=1 .
# LIGHT=1 leaves torch and open_clip out (0.6 GB installed instead of 5.5): everything but search by meaning works.
# FORMATS=1 adds packages that read HEIC and JPEG XL; what is in them is under the GPL (docs/licences.md).
FROM python:3.11-slim

ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000 OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1

# Mount volumes at /data/media and /data/models, not at /data: the static files and the compiled kernels that lie there
# belong to the image, and a volume filled by an older image would hide them.
RUN useradd --create-home --uid 10001 site \
    && install --directory --owner=site --group=site /data /data/media /data/models

WORKDIR /app
COPY requirements.txt ./
COPY requirements/light.txt requirements/more-formats.txt requirements/
ARG LIGHT=
ARG FORMATS=
RUN pip install --no-cache-dir --requirement "requirements${LIGHT:+/light}.txt" \
        ${FORMATS:+--requirement requirements/more-formats.txt}
COPY . .

USER 10001
# Neither needs a database. Without a key the settings would make one, and leave it in the image for all to read.
# Kernels are compiled for the processor at hand; on another kind they are compiled again when first used.
RUN export SECRET_KEY=only-to-build-the-image \
    && python manage.py collectstatic --no-input \
    && python manage.py warmup

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "\
import os; \
from urllib.request import urlopen; \
urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["python", "manage.py", "web"]
