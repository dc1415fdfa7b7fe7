# SPDX-License-Identifier: GPL-2.0-or-later
#
# bash completion of memhotctl. A test holds the words against --help.

_memhotctl() {
    local cur prev words cword
    _init_completion -n : || return

    local globals="--root --snapshot -H --host --kernel -J --json -n --no-legend --no-pager -b --bytes --color -v --verbose
        -y --yes --dry-run --no-ask-password --timeout -h --help --version"
    local verbs="status list show map check explain doctor namespace dax plan apply online offline probe remove
        jobs history rollback resume cancel monitor policy rules capture replay"
    local acting="--accept --all-or-nothing --state-dir --fault"
    local operations="map unmap add probe online online_kernel online_movable offline remove claim
        create-namespace reconfigure destroy destroy-namespace enable-namespace disable-namespace
        reconfigure-dax reconfigure-device create-device destroy-device enable-device disable-device
        online-memory offline-memory write then"
    local columns="RANGE SIZE STATE REMOVABLE BLOCK NODE ZONES OWNER DEVICE REASON"
    declare -A options=(
        [list]="-a --all -o --output -S --split --summary"
        [check]="--type --altmap --no-claim --node --driver-managed --memmap-on-memory --offline --arch --page-size --shift"
        [online]="--zone --ratio $acting"
        [probe]="--zone --ratio $acting"
        [dax]="--zone --ratio $acting"
        [namespace]=$acting
        [offline]=$acting
        [remove]=$acting
        [apply]=$acting
        [rollback]=$acting
        [resume]=$acting
        [jobs]="--state-dir"
        [history]="--state-dir"
        [cancel]="--state-dir"
        [policy]="--policy-dir"
        [capture]="--redact"
    )

    case $prev in
        --root | --state-dir | --policy-dir) _filedir -d; return ;;
        --zone) mapfile -t COMPREPLY < <(compgen -W "auto kernel movable" -- "$cur"); return ;;
        --snapshot) _filedir; return ;;
        --color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur"); return ;;
        --type) mapfile -t COMPREPLY < <(compgen -W "generic fsdax private" -- "$cur"); return ;;
        --arch)
            mapfile -t COMPREPLY < <(compgen -W "x86_64 arm64 ppc64 s390x riscv64 loongarch64" -- "$cur")
            return ;;
        --page-size) mapfile -t COMPREPLY < <(compgen -W "4K 16K 64K" -- "$cur"); return ;;
        -o | --output | -S | --split) mapfile -t COMPREPLY < <(compgen -W "$columns" -- "$cur"); return ;;
        -H | --host | --kernel | --altmap | --node | --shift | --timeout | --ratio | --accept | --fault) return ;;
    esac

    local verb="" word i
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        case $word in
            --root | --snapshot | -H | --host | --kernel | --color | --timeout) ((i++)) ;;
            -*) ;;
            *) verb=$word; break ;;
        esac
    done

    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$globals ${options[${verb:-status}]}" -- "$cur")
    elif [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
    else
        case $verb in
            check) mapfile -t COMPREPLY < <(compgen -W "$operations" -- "$cur") ;;
            rules) mapfile -t COMPREPLY < <(compgen -W "$(memhotctl rules -n 2>/dev/null | cut -d' ' -f1)" -- "$cur") ;;
            namespace)
                mapfile -t COMPREPLY < <(compgen -W "list create reconfigure destroy enable disable" -- "$cur") ;;
            dax) mapfile -t COMPREPLY < <(compgen -W "list reconfigure online offline create destroy" -- "$cur") ;;
            policy) mapfile -t COMPREPLY < <(compgen -W "show test" -- "$cur") ;;
            plan) mapfile -t COMPREPLY < <(compgen -W "online offline probe remove namespace dax" -- "$cur") ;;
            rollback | resume | cancel | history)
                mapfile -t COMPREPLY < <(compgen -W "$(memhotctl jobs -n 2>/dev/null | awk '{print $1}')" -- "$cur") ;;
            apply | capture | replay) _filedir ;;
        esac
    fi
} && complete -F _memhotctl memhotctl
