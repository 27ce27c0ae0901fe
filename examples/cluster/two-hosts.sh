#!/bin/bash
# sudo examples/cluster/two-hosts.sh [COMMAND …]: four ranks on two hosts that are network namespaces of this machine, joined by
# a link of RATE (1gbit), so that nothing but TCP reaches from one to the other. Open MPI starts ranks by an agent in place of
# ssh. Without a command it trains a small run and says how many bytes went over the link.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
a=ttt-a-$$ b=ttt-b-$$
work=$(mktemp -d)
clean() {
  ip netns del "$a" 2> /dev/null || true
  ip netns del "$b" 2> /dev/null || true
  rm -rf "$work"
}
trap clean EXIT

ip netns add "$a"
ip netns add "$b"
ip link add veth-a netns "$a" type veth peer name veth-b netns "$b"
for each in "$a 10.77.0.1 veth-a" "$b 10.77.0.2 veth-b"; do
  read -r name address link <<< "$each"
  ip -n "$name" link set lo up
  ip -n "$name" addr add "$address/24" dev "$link"
  ip -n "$name" link set "$link" up
  ip netns exec "$name" tc qdisc add dev "$link" root tbf rate "${RATE:-1gbit}" burst 256kb latency 50ms
done

cat > "$work/agent" << AGENT
#!/bin/sh
case \$1 in 10.77.0.2) name=$b ;; *) name=$a ;; esac
shift
exec ip netns exec \$name unshare --uts sh -c "hostname \$name; \$*"
AGENT
chmod +x "$work/agent"

if [ $# -eq 0 ]; then
  set -- node --conditions=source --import tsx src/main.ts --recipe tiny/languages --engine wasm --threads 1 \
    --set training.optimizer.schedule.steps=5 --out "$work/run"
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cd "$root/apps/trainer"
"$work/agent" 10.77.0.1 "exec ${MPIRUN:-mpirun} --mca plm_rsh_agent $work/agent --mca btl self,vader,tcp \
  --mca oob_tcp_if_include 10.77.0.0/24 --mca btl_tcp_if_include 10.77.0.0/24 \
  --host 10.77.0.1:2,10.77.0.2:2 -n 4 --bind-to none -x PATH $*"
ip -n "$a" -s link show veth-a | awk '/RX:|TX:/ { what = $1; getline; print what, $1, "bytes over the link" }'
