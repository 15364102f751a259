-- Requests for wrk, the same in every run: a list of tile numbers read from a file, asked for in
-- turn, or ("unique") numbers that were never asked for before, or ("fill") one after another, and
-- from 0 again behind the last.
--
-- usage: wrk -s keys.lua URL -- LAYER list FILE [SPELLING] | LAYER unique FIRST | LAYER fill FIRST COUNT [SPELLING]
--                             | - targets FILE
-- with SPELLING one of those below

local paths, at, first, last

local world = 20037508.342789244

local spellings = {
  tms = function(layer, column, row)
    return string.format("/geoserver/gwc/service/tms/1.0.0/%s/12/%d/%d.png", layer, column, row)
  end,
  -- The same of 1,000 layers, which have a tile each in turn.
  layers = function(layer, column, row)
    return string.format("/geoserver/gwc/service/tms/1.0.0/%s-%d/12/%d/%d.png", layer,
      (row * 4096 + column) % 1000, column, row)
  end,
  plain = function(layer, column, row)
    return string.format("/static/%s/12/%d/%d.png", layer, column, row)
  end,
  -- As OpenLayers 2 does.
  wms = function(layer, column, row)
    local side = 2 * world / 4096
    local west, south = column * side - world, row * side - world
    return string.format("/geoserver/geonode/wms?LAYERS=%s&FORMAT=image%%2Fpng&TRANSPARENT=TRUE"
      .. "&TIME=2005-06-01%%2F2005-12-31&SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&STYLES="
      .. "&SRS=EPSG%%3A900913&BBOX=%.9f,%.9f,%.9f,%.9f&WIDTH=256&HEIGHT=256",
      layer, west, south, west + side, south + side)
  end,
}

local function path(layer, number, spelling)
  return spellings[spelling or "tms"](layer, number % 4096, math.floor(number / 4096))
end

local function listed(layer, file, spelling)
  local requests, known = {}, {}
  for line in io.lines(file) do
    local number = tonumber(line)
    local text = known[number] or wrk.format("GET", path(layer, number, spelling))
    known[number] = text
    requests[#requests + 1] = text
  end
  local count = #requests
  return function()
    at = at % count + 1
    return requests[at]
  end
end

local function written(file)
  local requests = {}
  for line in io.lines(file) do
    requests[#requests + 1] = wrk.format("GET", line)
  end
  local count = #requests
  return function()
    at = at % count + 1
    return requests[at]
  end
end

local function counted(layer, count, spelling)
  return function()
    local number = first + at
    at = at + 1
    return wrk.format("GET", path(layer, count and number % count or number, spelling))
  end
end

function init(args)
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"
  wrk.headers["Accept"] = "image/avif,image/webp,image/png,*/*;q=0.8"
  wrk.headers["Accept-Encoding"] = "gzip, deflate"
  at = 0
  if args[2] == "list" then
    request = listed(args[1], args[3], args[4])
  elseif args[2] == "targets" then
    request = written(args[3])
  else
    first = tonumber(args[3])
    request = counted(args[1], args[2] == "fill" and tonumber(args[4]), args[5])
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "bytes": %d, "socket_errors": %d, '
    .. '"status_errors": %d, "p50_us": %d, "p99_us": %d}',
    summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
