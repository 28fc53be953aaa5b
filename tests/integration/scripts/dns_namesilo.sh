#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# GET for all, XML in the replies, a number that says how it went.

dns_namesilo_add() {
  _silo_open "$1" || return 1
  _silo dnsAddRecord "domain=$_domain&rrtype=TXT&rrhost=$_left&rrvalue=$2&rrttl=3600"
}

dns_namesilo_rm() {
  _silo_open "$1" || return 1
  _silo dnsListRecords "domain=$_domain" || return 1
  _id="$(printf "%s" "$response" | sed 's/<resource_record>/\
/g' | grep "<host>$1</host><value>$2</value>" | sed 's/.*<record_id>\([^<]*\)<.*/\1/')"
  [ -z "$_id" ] || _silo dnsDeleteRecord "domain=$_domain&rrid=$_id"
}

_silo_open() {
  SILOX_Key="${SILOX_Key:-$(_readaccountconf_mutable SILOX_Key)}"
  if [ -z "$SILOX_Key" ]; then
    _usage "SILOX_Key is to be set"
    return 1
  fi
  _saveaccountconf_mutable SILOX_Key "$SILOX_Key"
  i=2
  while true; do
    _domain="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    [ -n "$_domain" ] || return 1
    if _silo getDomainInfo "domain=$_domain" 2>/dev/null; then
      _left="${1%".$_domain"}"
      return 0
    fi
    i=$(_math "$i" + 1)
  done
}

_silo() {
  response="$(_get "https://www.namesilo.com/api/$1?version=1&type=xml&key=$SILOX_Key&$2")" || return 1
  _code="$(printf "%s" "$response" | _egrep_o '<code>[0-9]+' | cut -d '>' -f 2)"
  if [ "$_code" != "300" ]; then
    _err "$_code $(printf "%s" "$response" | _egrep_o '<detail>[^<]*' | cut -d '>' -f 2)"
    return 1
  fi
}
