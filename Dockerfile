# The service as an image: `docker build -t ccjk-cloud .`, then `docker run … ccjk-cloud --role api`.
# test/extended/image.ts replays these steps without Docker.

FROM node:24-slim AS dependencies
WORKDIR /srv/ccjk-cloud
COPY package.json package-lock.json .npmrc ./
COPY sdk/package.json sdk/package.json
COPY sdk/codegen/package.json sdk/codegen/package.json
RUN npm ci --omit=dev --ignore-scripts
# The image brings Node itself.
RUN rm -rf node_modules/node-linux-* node_modules/.bin

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data LOG_FORMAT=json
WORKDIR /srv/ccjk-cloud
COPY --from=dependencies /srv/ccjk-cloud/node_modules node_modules
COPY package.json LICENSE ./
COPY contracts contracts
COPY migrations migrations
COPY server server
RUN mkdir -p /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000 2525
# Whatever the role: who serves no HTTP takes mail, and greets.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const end = (ok) => process.exit(ok ? 0 : 1); fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => end(r.ok), () => require('net').connect(process.env.MAIL_PORT || 25, '127.0.0.1').once('data', () => end(true)).once('error', () => end(false)).once('close', () => end(false)))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "server/main.ts"]
CMD ["--role", "all"]
