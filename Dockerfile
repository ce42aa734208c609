# osmoctl with git and ssh, for CI: nothing else but a shell, by which CI systems
# start the steps of a job. Goreleaser lays the programs of each platform beside
# this file, the ones that are in the archives of the release.
FROM alpine:3.22.5@sha256:14358309a308569c32bdc37e2e0e9694be33a9d99e68afb0f5ff33cc1f695dce AS root
RUN mkdir -p /out/etc/apk && cp -r /etc/apk/* /out/etc/apk/ \
    && apk add --no-cache --initdb -p /out alpine-baselayout busybox ca-certificates git musl openssh-client \
    && rm -rf /out/etc/apk /out/lib/apk /out/var/cache \
    && echo 'osmoctl:x:65532:65532:osmoctl:/home/osmoctl:/bin/sh' >>/out/etc/passwd \
    && echo 'osmoctl:x:65532:' >>/out/etc/group \
    && mkdir -p /out/home/osmoctl && chown 65532:65532 /out/home/osmoctl

FROM scratch
ARG TARGETPLATFORM
COPY --from=root /out/ /
COPY LICENSE /usr/share/doc/osmoctl/copyright
COPY --chmod=0755 $TARGETPLATFORM/osmoctl /usr/bin/osmoctl
ENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/osmoctl
USER 65532:65532
WORKDIR /home/osmoctl
ENTRYPOINT ["/usr/bin/osmoctl"]
