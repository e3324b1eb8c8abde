# An application that uses the module: here OpenSC's pkcs11-tool. Any image with glibc does.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends opensc \
    && rm -rf /var/lib/apt/lists/*
# hsmith: the image of the keeper, which compose.yaml names.
# hadolint ignore=DL3022
COPY --from=hsmith /module/libhsmith.so /usr/lib/libhsmith.so
USER 10002:10001
HEALTHCHECK NONE
ENTRYPOINT ["pkcs11-tool", "--module", "/usr/lib/libhsmith.so"]
