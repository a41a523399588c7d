-- For wrk: the bodies of the file that REQUESTS names, in turn. Answers other than 200 are counted by wrk itself.
local bodies, path, at = {}, os.getenv("REQUEST_PATH"), 0
for line in io.lines(os.getenv("REQUEST_BODIES")) do bodies[#bodies + 1] = line end
local headers = { ["Content-Type"] = "application/json" }
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", path, headers, bodies[at])
end
