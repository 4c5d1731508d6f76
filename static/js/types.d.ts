// What the type checker must know of the page besides the browser itself: htmx, its events and our own.

/** A point in pixels of the working copy. */
type Point = [x: number, y: number];

/** How urgent a message is; "silent" is for screen readers alone, where the page shows it anyway. */
type Level = "info" | "success" | "error" | "silent";

declare const htmx: {
  ajax(verb: string, path: string, context: {
    source?: Element; target?: string; swap?: string; values?: Record<string, unknown>;
  }): Promise<void>;
  process(element: Element): void;
  swap(target: Element, content: string, spec: { swapStyle: string }): void;
  trigger(element: Element, event: string): void;
};

interface HtmxDetail {
  elt: Element;
  target: Element | null;
  xhr: XMLHttpRequest;
  swapOverride?: string;
  serverResponse: string;
  requestConfig?: { elt: Element };
  pathInfo?: { requestPath: string; finalRequestPath: string };
}

interface HtmxQuestion {
  issueRequest(skipConfirmation: boolean): void;
}

interface HtmxRequest {
  headers: Record<string, string>;
}

interface HtmxOob {
  fragment: DocumentFragment;
  shouldSwap: boolean;
  target: Element;
}

interface HtmxEvents {
  "htmx:afterRequest": CustomEvent<HtmxDetail>;
  "htmx:afterSettle": CustomEvent<HtmxDetail>;
  "htmx:afterSwap": CustomEvent<HtmxDetail>;
  "htmx:beforeOnLoad": CustomEvent<HtmxDetail>;
  "htmx:beforeRequest": CustomEvent<HtmxDetail>;
  "htmx:beforeSwap": CustomEvent<HtmxDetail>;
  "htmx:configRequest": CustomEvent<HtmxRequest>;
  "htmx:confirm": CustomEvent<HtmxQuestion>;
  "htmx:oobAfterSwap": CustomEvent<HtmxDetail>;
  "htmx:oobBeforeSwap": CustomEvent<HtmxOob>;
  "htmx:responseError": CustomEvent<HtmxDetail>;
  "htmx:sendError": CustomEvent<HtmxDetail>;
  "htmx:timeout": CustomEvent<HtmxDetail>;
}

interface HTMLElementEventMap extends HtmxEvents {}

interface DocumentEventMap extends HtmxEvents {
  "site:message": CustomEvent<{ text: string; level: Level }>;
}
