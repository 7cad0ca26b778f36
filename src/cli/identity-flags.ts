import {Args, Flags} from '@oclif/core'

const NAME = 'letters, digits, dots, hyphens, underscores'

export const identityArg = {
  name: Args.string({description: `name of the identity: ${NAME}`, default: 'default'}),
}

/** What `identity create` and `identity request` ask about a new certificate. */
export const identityFlags = {
  hostname: Flags.string({description: 'name of the relay; the one of relay.yaml by default', helpValue: 'HOST'}),
  dns: Flags.string({
    description: 'a further name, such as *.example.org; repeatable',
    multiple: true,
    helpValue: 'NAME',
  }),
  key: Flags.option({description: 'kind of a new key', options: ['ec-256', 'rsa-2048'] as const})(),
}
