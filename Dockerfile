# The digest names the tag's images of all platforms. docs/deployment.md says how to check and how to renew it.
ARG BASE=node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20

FROM ${BASE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
# Type declarations and source maps: nothing reads them where the portal runs.
RUN find node_modules -type f -regex '.*\.\(map\|d\.[cm]?ts\)' -delete

FROM ${BASE}
WORKDIR /app
ENV NODE_ENV=production
ENV HOST=0.0.0.0
COPY --from=modules /app/node_modules node_modules
COPY package.json NOTICE ./
COPY src src
COPY docs/guides docs/guides
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 3000
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
