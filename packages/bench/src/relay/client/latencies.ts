/** Times in ms, of which percentiles are asked at the end; grows without making garbage of what it has. */
export class Latencies {
  #values = new Float64Array(1 << 16)
  #count = 0

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const more = new Float64Array(this.#values.length * 2)
      more.set(this.#values)
      this.#values = more
    }
    this.#values[this.#count++] = ms
  }

  get count(): number {
    return this.#count
  }

  percentile(p: number): number {
    if (this.#count === 0) throw new RangeError('nothing was measured')
    const sorted = this.#values.subarray(0, this.#count).toSorted()
    return sorted[Math.min(this.#count - 1, Math.floor(p * this.#count))]!
  }
}
