# Built in one stage, run in another: no compiler, no pip cache, no root in the result.
# To pin the image itself, give its digest: see "Dependencies" in CONTRIBUTING.md.
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
RUN python -m venv /opt/refrain
COPY requirements.txt requirements-build.txt /src/
RUN /opt/refrain/bin/pip install --no-cache-dir --no-deps --require-hashes \
    -r /src/requirements-build.txt -r /src/requirements.txt
COPY pyproject.toml README.md LICENSE /src/
COPY bot /src/bot
COPY handlers /src/handlers
RUN /opt/refrain/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src \
    && /opt/refrain/bin/pip uninstall --yes --quiet setuptools pip

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/refrain /opt/refrain
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin refrain \
    && install --directory --mode=700 --owner=refrain --group=refrain /data
USER refrain
WORKDIR /data
ENV PATH=/opt/refrain/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data
VOLUME /data
EXPOSE 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["python", "-m", "bot.telegram.inbound.healthcheck"]
ENTRYPOINT ["refrain"]
CMD ["run"]
