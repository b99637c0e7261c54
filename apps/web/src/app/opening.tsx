import { Mark } from '@holdfast/ui'

/** What is seen for the moment that storage takes to open: the page's own frame, so that nothing jumps when it has. */
export function Opening() {
  return (
    <div className="app" data-side="open" aria-busy="true">
      <div className="app-side">
        <div className="app-side-inner">
          <div className="app-brand">
            <span>
              <img src="./icon.svg" alt="" />
              Holdfast
            </span>
          </div>
        </div>
      </div>
      <div className="app-main">
        <div className="app-head" />
        <div className="app-opening">
          <Mark size={28} />
        </div>
      </div>
    </div>
  )
}
