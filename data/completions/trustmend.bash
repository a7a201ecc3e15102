# SPDX-License-Identifier: Apache-2.0
# Completion of trustmend for bash. Commands and options are asked of the program itself, so that they
# are never other than it takes.

# The commands of the program, a line each.
_trustmend_commands() {
	"$1" --help 2>/dev/null | sed -n '/^Commands$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'
}

# The options of a command, or of the program: "--name" or "--name VALUE", a line each.
_trustmend_options() {
	"$1" ${2:+"$2"} --help 2>/dev/null |
		sed -n -E 's/^  (-[a-z], )?(--[a-z-]+)( [A-Z]+)?( .*|$)/\2\3/p'
}

# The words that the value of an option of this program is one of; nothing where it is a file or free text.
_trustmend_words() {
	case $1 in
	--color) echo auto always never ;;
	--purpose) echo client server any ;;
	--crl-check | --ocsp-check) echo none leaf chain ;;
	--crl-missing | --ocsp-missing) echo fail ok ;;
	--security) echo legacy normal strict ;;
	--engine) "$2" verify --help 2>/dev/null | sed -n '/^  --engine NAME  */{s///;s/, or /, /;s/,//g;p}' ;;
	--to) echo pem der pkcs7 pkcs12 jks hashdir nss p11kit kubernetes json spiffe ;;
	--as) echo stores clients services ;;
	esac
}

_trustmend() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before='' command='' options words i

	COMPREPLY=()
	((COMP_CWORD > 0)) && before=${COMP_WORDS[COMP_CWORD - 1]}
	options=$(_trustmend_options "$program")
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) grep -q -e "^${COMP_WORDS[i]} " <<<"$options" && ((i++)) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	[[ -z $command ]] || options=$(_trustmend_options "$program" "$command")

	words=$(_trustmend_words "$before" "$program")
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	elif grep -q -e "^$before DIR\$" <<<"$options"; then
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
	elif [[ $before == -* ]] && grep -q -e "^$before [A-Z]" <<<"$options"; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cut -d ' ' -f 1 <<<"$options")" -- "$word")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_trustmend_commands "$program")" -- "$word")
	elif [[ $command == baseline && $before == baseline ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'save check list' -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _trustmend trustmend
