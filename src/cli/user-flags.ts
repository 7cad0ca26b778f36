import {Args, Flags} from '@oclif/core'

export const userArg = {
  name: Args.string({description: 'name of the user, such as printer or anna@example.org', required: true}),
}

export const passwordFlag = {
  'password-file': Flags.string({
    description: 'file whose first line is the password, - for standard input; else it is asked for',
    env: 'POSTERN_PASSWORD_FILE',
    helpValue: 'FILE',
  }),
}
