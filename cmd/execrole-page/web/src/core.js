// The core in its worker: one request at a time, and of those that wait only the last.

export class Core {
  constructor({ onProgress, onReady, onFailed }) {
    this.worker = new Worker(WORKER);
    this.busy = null;
    this.waiting = null;
    this.number = 0;
    this.ready = false;
    this.worker.onerror = (event) => onFailed(event.message || "error");
    this.worker.onmessage = ({ data }) => {
      switch (data.type) {
        case "progress": return onProgress(data.bytes, data.all);
        case "failed": return onFailed(data.message);
        case "ready":
          this.ready = true;
          onReady();
          return this.#next();
        case "response": {
          const { done } = this.busy;
          this.busy = null;
          if (!this.waiting) done(JSON.parse(data.response), data.milliseconds);
          return this.#next();
        }
      }
    };
  }

  // ask sends a request. The answer to one that a later one has overtaken is dropped.
  ask(request, done) {
    this.waiting = { request: JSON.stringify(request), done };
    this.#next();
  }

  #next() {
    if (!this.ready || this.busy || !this.waiting) return;
    this.busy = this.waiting;
    this.waiting = null;
    this.worker.postMessage({ id: ++this.number, request: this.busy.request });
  }
}
