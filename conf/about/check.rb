# The second opinion on about.yml: Debian's ruby-json-schema, the engine 18F's own tool is built
# on, against the schema beside this file. A record that must fail shows that it looks at all.
#
# usage: ruby conf/about/check.rb    (in the project's folder)
require "json"
require "json-schema"
require "yaml"

schema = JSON.parse(File.read(File.join(__dir__, "schema.json")))
record = YAML.safe_load(File.read(".about.yml"))

errors = JSON::Validator.fully_validate(schema, record)
abort(errors.map { |error| "about.yml: #{error}" }.join("\n")) unless errors.empty?

schema["required"].each do |key|
  broken = record.reject { |name, _| name == key }
  next unless JSON::Validator.fully_validate(schema, broken).empty?

  abort("conf/about/check.rb: a record without \"#{key}\" passes; mend the schema")
end
puts "about.yml is valid: ruby-json-schema agrees"
