import { useEffect, useState } from 'react'

/** The time now (ms), renewed when a day ends, so that sections by day stay true in a page that is never closed. */
export function useToday(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const date = new Date(now)
    const tomorrow = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime()
    const timer = setTimeout(() => setNow(Date.now()), tomorrow - Date.now() + 1_000)
    return () => clearTimeout(timer)
  }, [now])
  return now
}
