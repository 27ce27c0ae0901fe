#!/usr/bin/env bash
# Fetches Mesa's Vulkan driver that computes on the processor, of Debian's backports, whose adapter has shader-f16 and
# subgroups. Nothing is installed: it lies in a folder of its own, where tests find it by LAVAPIPE_ICD. For Debian 12.
# usage: scripts/get-lavapipe.sh [FOLDER]
set -eu
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ttt-e2e/lavapipe}
library=libvulkan_lvp.so
if ! command -v apt-get > /dev/null; then
  echo 'this is for Debian: elsewhere name the ICD file of a Mesa of 25 or later, lvp_icd.json, in LAVAPIPE_ICD'
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# From wherever this machine has its packages.
from=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
if [ -z "$from" ]; then
  echo "apt knows no packages of Debian 12 here: run apt-get update, or name a Mesa's lvp_icd.json in LAVAPIPE_ICD"
  exit 1
fi
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $from bookworm-backports main" > "$work/sources.list"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User= "$@"
}
apt update
(cd "$work" && apt download mesa-vulkan-drivers && dpkg -x mesa-vulkan-drivers_*.deb unpacked)
mkdir -p "$folder"
cp "$(find "$work/unpacked" -name "$library")" "$folder/"
missing=$(ldd "$folder/$library" | grep 'not found' || true)
if [ -n "$missing" ]; then
  rm "$folder/$library"
  echo "$missing"
  echo 'the driver lacks these libraries: install mesa-vulkan-drivers, which brings them'
  exit 1
fi
cat > "$folder/lvp_icd.json" << END
{ "file_format_version": "1.0.0", "ICD": { "api_version": "1.4.0", "library_path": "$folder/$library" } }
END
echo "LAVAPIPE_ICD=$folder/lvp_icd.json"
