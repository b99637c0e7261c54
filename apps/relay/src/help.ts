import { limitsHelp } from './limit-flags.ts'

export const HOLDFAST_HELP = `Holdfast keeps AI conversations.

Usage: holdfast <command> [flags]

  serve        Run the relay and the web app
  help serve   The flags of serve

  --help       This text
  --version    The version
`

export const SERVE_HELP = `Runs the relay and the web app, and prints the address to open.

Usage: holdfast serve [flags]

  --host ADDRESS         Address to listen on (127.0.0.1)
  --port PORT            Port to listen on (4321; 0 picks a free one)
  --data DIR             Folder to keep everything in (a folder of yours, printed at the start)
  --space NAME           A space besides "default"; may be given more than once.
                         One that holds conversations is served without being named again.
  --allow-origin ORIGIN  Web application elsewhere that may connect, such as https://chat.example.org;
                         may be given more than once
  --public-url URL       Address under which a proxy makes this reachable
  --proxy ADDRESS        Address or network (10.0.0.0/8) of such a proxy, besides loopback; may be given more than once
  --jwks URL             Public keys of somebody else whose tokens are good too; with
  --issuer ISS             what their "iss" is,
  --audience AUD           what their "aud" is, and
  --claim NAME             the claim that says spaces and role (holdfast)
  --limit NAME=VALUE     A limit, such as space-quota=10GiB; may be given more than once. See below
  --json                 Print one line of JSON when ready, and nothing else, to standard output
  --help                 This text

Environment:
  HOLDFAST_TOKEN         A token of 32 characters or more that may do everything

Limits (and what they are unless given):
${limitsHelp()}
`
