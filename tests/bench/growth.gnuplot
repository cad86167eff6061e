# SPDX-License-Identifier: Apache-2.0
# Nanoseconds a packet over the ranges of one vault. data, picture: paths, from run.sh
set terminal svg size 800,480 font "sans,12" background "white"
set output picture
set logscale xy
set xlabel "ranges in the list of one vault"
set ylabel "nanoseconds a packet"
set format x "10^{%L}"
set yrange [10:*]
set key top left
set grid
plot data using 1:4 with linespoints title "the same filter with LPM\\_TRIE", \
     data using 1:3 with linespoints title "the filter", \
     data using 1:2 with lines title "floor: parsing only"
