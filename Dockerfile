FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY src src
USER node
EXPOSE 3000
CMD ["node", "src/main.ts", "serve"]
