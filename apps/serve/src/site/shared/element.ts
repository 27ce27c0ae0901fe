/** The page's element of an id. @throws where there is none of that kind: the page and its script don't fit */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`there is no ${kind.name} '${id}' in this page`)
}

/** What the page says below its title: people who can't see it are told, too. */
export function say(text: string, error = false): void {
  const status = element('status', HTMLElement)
  status.textContent = text
  status.classList.toggle('error', error)
}

/** Acts whenever something happens to an element. */
export function on<Event extends keyof HTMLElementEventMap>(
  target: HTMLElement,
  event: Event,
  act: (event: HTMLElementEventMap[Event]) => unknown,
): void {
  target.addEventListener(event, (happened) => void act(happened))
}
