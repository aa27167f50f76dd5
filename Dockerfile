# The package is built where its tools run; the image has nothing of them.
FROM node:24-bookworm-slim AS package
WORKDIR /source
COPY . .
RUN npm ci && npm pack --pack-destination /tmp && npm install --prefix /opt/pypi-edge --offline /tmp/pypi-edge-*.tgz

FROM node:24-bookworm-slim
# glibc gives freed memory back with these: docs/self-host.md.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144
COPY --from=package /opt/pypi-edge /opt/pypi-edge
# Also for a user id that the image does not know, whose group is root.
RUN mkdir /data && chown node:0 /data && chmod 0770 /data
USER node
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/-/health?deep').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "/opt/pypi-edge/node_modules/pypi-edge/bin/pypi-edge.js"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8787", "--state", "/data", "--quiet"]
