# The image of a release: the static binary and nothing else. goreleaser builds it, with a folder for each platform.
#
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/work" ghcr.io/execrole/execrole -o role.yaml task-definition.json
FROM scratch
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/execrole /execrole
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/execrole"]
