#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# One address, GET for all, and one word as an answer. The part of the name that is the user's own is found by its end.

dns_duckdns_add() { _duck "$1" "txt=$2"; }

dns_duckdns_rm() { _duck "$1" "txt=&clear=true"; }

_duck() {
  DUCKX_Token="${DUCKX_Token:-$(_readaccountconf_mutable DUCKX_Token)}"
  if [ -z "$DUCKX_Token" ]; then
    _err "no token"
    return 1
  fi
  _saveaccountconf_mutable DUCKX_Token "$DUCKX_Token"
  _name="$(printf "%s" "$1" | _lower_case)"
  if ! _endswith "$_name" "\.duckdns\.org"; then
    _err "$1 is not of duckdns.org"
    return 1
  fi
  _name="$(printf "%s" "${_name%.duckdns.org}" | sed 's/.*\.//')"
  _said="$(_get "https://www.duckdns.org/update?domains=$_name&token=$DUCKX_Token&$2")"
  if [ "$_said" = "OK" ]; then
    _info "$(__green "done")"
  else
    _err "$(__red "duckdns says $_said")"
  fi
}
