#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# One address for all; the service finds the zone itself, so that nothing is to be looked for.

dns_dreamhost_add() { _dh "$1" "$2" dns-add_record; }

dns_dreamhost_rm() { _dh "$1" "$2" dns-remove_record; }

_dh() {
  # kept as a variable of later runs, and not only for those that ask for it
  if [ -z "$DHX_KEY" ]; then
    _clearaccountconf DHX_KEY
    _err "DHX_KEY is not set"
    return 1
  fi
  _saveaccountconf DHX_KEY "$DHX_KEY"
  response="$(_post "key=$DHX_KEY&cmd=$3&format=json&record=$1&type=TXT&value=$2" "https://api.dreamhost.com/")" || {
    _err "no answer"
    return 1
  }
  if _contains "$response" '"result": *"success"'; then
    return 0
  fi
  _err "dreamhost: $response"
}
