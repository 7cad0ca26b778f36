import * as v from 'valibot'

const user = v.strictObject({
  name: v.string(),
  /** Of PBKDF2, by which the password was hashed. */
  iterations: v.number(),
})

export const USER_DOCUMENTS = {
  'relay-user-add': v.strictObject({user}),
  'relay-user-list': v.strictObject({users: v.array(user)}),
  'relay-user-password': v.strictObject({user}),
  'relay-user-delete': v.strictObject({user}),
}
