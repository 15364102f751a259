#!/usr/bin/env bash
# Builds the demo's geodata from two Debian packages that are unpacked, not installed:
# Natural Earth's countries and cities (python3-geopandas) and NOAA's hurricane tracks
# HURDAT2, 1975 to 2020 (r-cran-dplyr). Takes a few seconds; a second call does nothing.
#
# usage: build-data.sh DIRECTORY
set -euo pipefail

target=${1:?usage: build-data.sh DIRECTORY}
recipe=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$target"
target=$(cd "$target" && pwd)
# Two demos that start together must not build over each other.
exec 9>"$target/lock"
flock 9
# Data made by another version of the recipe is made anew.
version=$(cat "$recipe/build-data.sh" "$recipe/storms.py" | sha256sum | cut -d' ' -f1)
[ "$(cat "$target/version" 2>/dev/null || true)" != "$version" ] || exit 0

echo "building the demo's map data in $target (once, a few seconds)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt fetches as its own user, which needs to write here.
chmod 755 "$work"
cd "$work"
if ! apt-get download -qq -o APT::Sandbox::User=root \
    python3-geopandas r-cran-dplyr 2>apt.log; then
    cat apt.log >&2
    echo "build-data.sh: Debian's packages could not be fetched; run 'apt-get update' first" >&2
    exit 1
fi
for package in ./*.deb; do dpkg -x "$package" root; done

mkdir new
sources=root/usr/lib/python3/dist-packages/geopandas/datasets
ogr2ogr -q new/countries.gpkg "$sources/naturalearth_lowres/naturalearth_lowres.shp" \
    -nln countries -nlt PROMOTE_TO_MULTI
ogr2ogr -q new/cities.gpkg "$sources/naturalearth_cities/naturalearth_cities.shp" -nln cities
/usr/bin/python3 -I "$recipe/storms.py" root/usr/lib/R/site-library/dplyr/data > storms.csv
# A GeoPackage keeps the time as a DATETIME, which MapServer's TIME filter needs.
ogr2ogr -q -f GPKG new/storms.gpkg storms.csv -nln storms -a_srs EPSG:4326 \
    -oo X_POSSIBLE_NAMES=longitude -oo Y_POSSIBLE_NAMES=latitude -oo AUTODETECT_TYPE=YES
# A GeoPackage that was last written to leaves side files when it is read; these never are.
chmod 444 new/*.gpkg

rm -f "$target"/*.gpkg
mv new/*.gpkg "$target"
echo "$version" > "$target/version"
