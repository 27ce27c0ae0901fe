import type { Page } from 'playwright-core'

/** What a visitor does with the page and sees of it, for tests. */
export class PageDriver {
  constructor(private readonly page: Page) {}

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: true })
  }

  press(name: string | RegExp): Promise<void> {
    return this.button(name).click()
  }

  /** Shows a part of what there is to a memory. */
  show(tab: string): Promise<void> {
    return this.page.getByRole('tab', { name: tab }).click()
  }

  /** Chooses a memory in the tree. */
  pick(name: string): Promise<void> {
    return this.page.locator('.memories li').getByText(name, { exact: true }).click()
  }

  /** Waits until the page says what was done. */
  noticed(text: string | RegExp): Promise<void> {
    return this.page.locator('.notice').filter({ hasText: text }).waitFor()
  }

  /** The sentence beside a field. */
  problem(place: string) {
    return this.page.locator(`#problem-${place} .problem`)
  }

  heading(): Promise<string | null> {
    return this.page.locator('#memory-name').textContent()
  }

  facts(): Promise<string | null> {
    return this.page.locator('.memory-heading .quiet').first().textContent()
  }

  /** The names in the tree, each as far from the left as it stands deep. */
  tree(): Promise<string[]> {
    return this.page.locator('.memories li').evaluateAll((all) =>
      all.map((each) => {
        let depth = 0
        for (let at = each.parentElement!.closest('li'); at; at = at.parentElement!.closest('li')) depth++
        return `${'  '.repeat(depth)}${each.querySelector('.name')!.textContent}`
      }),
    )
  }

  /** As if a file were dropped on, or pasted into, what takes texts. */
  give(event: 'drop' | 'paste', bytes: number[]): Promise<void> {
    return this.page.locator('.picker').evaluate(
      (picker, [event, bytes]) => {
        const data = new DataTransfer()
        data.items.add(new File([new Uint8Array(bytes)], 'whale.txt'))
        const happens = { bubbles: true, cancelable: true }
        picker.dispatchEvent(
          event === 'drop'
            ? new DragEvent('drop', { ...happens, dataTransfer: data })
            : new ClipboardEvent('paste', { ...happens, clipboardData: data }),
        )
      },
      [event, bytes] as const,
    )
  }

  /** Reads a text that is pasted, and waits until it is read. @param does what the button that reads it says */
  async readPasted(text: string, does = 'Read it'): Promise<void> {
    await this.page.locator('#text').fill(text)
    await this.press(does)
    await this.noticed('was read.')
  }
}
