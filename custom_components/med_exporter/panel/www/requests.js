// What a file may be asked for beside type, period, devices and format, as data: where a value
// stands in the request, what it is, and when it can act.

const takes = (name) => (type) => type.takes.includes(name);
const inFormat = (name) => (type, format) => format.options.includes(name);
const rows = takes("fields");

const AGGREGATIONS = ["raw", "hourly", "daily", "weekly", "monthly"];
const PERIODS = AGGREGATIONS.slice(1);

const isByPeriod = (_type, _format, draft) => (draft.options.aggregation ?? "raw") !== "raw";

/** Each: `name` as the action's field is called, `at` its place, `kind`, `when`, `select`. */
export const OPTIONS = [
  { name: "aggregation", at: "aggregation", kind: "choice", values: AGGREGATIONS, select: "aggregation", when: rows, group: "content" },
  { name: "fields", at: "fields", kind: "choices", values: "fields", select: "reading_field", when: rows, group: "content" },
  { name: "aggregation_functions", at: "aggregation_functions", kind: "functions", values: "value_fields", select: "reading_field", when: (...all) => rows(...all) && isByPeriod(...all), group: "content" },
  { name: "grouping", at: "grouping", kind: "choice", values: PERIODS, select: "aggregation", when: takes("grouping"), group: "content" },
  { name: "breakdown_by", at: "breakdown_by", kind: "choices", values: ["device", "time_of_use", "rate_tier"], select: "breakdown", when: takes("breakdown_by"), group: "content" },
  { name: "report_sections", at: "report_sections", kind: "choices", values: ["device_summary", "energy_consumption", "cost_breakdown", "system_health", "usage_patterns"], select: "report_section", when: takes("report_sections"), group: "content" },
  { name: "event_types", at: "event_types", kind: "choices", values: ["login_success", "login_failure", "device_controlled", "export_created", "export_downloaded", "export_deleted", "destination_changed", "schedule_changed", "energy_corrected"], select: "audit_event", when: takes("event_types"), group: "content" },
  { name: "severity_levels", at: "severity_levels", kind: "choices", values: ["info", "warning", "error"], select: "severity", when: takes("severity_levels"), group: "content" },
  { name: "users", at: "users", kind: "texts", when: takes("users"), group: "content" },
  { name: "include_charts", at: "include_charts", kind: "flag", when: (type, format) => format.is_document && type.takes.includes("include_charts"), group: "look" },
  { name: "min_power", at: "filters.min_power", kind: "number", unit: "W", when: rows, group: "filters" },
  { name: "max_power", at: "filters.max_power", kind: "number", unit: "W", when: rows, group: "filters" },
  { name: "time_of_day_start", at: "filters.time_of_day.start", kind: "time", when: rows, group: "filters" },
  { name: "time_of_day_end", at: "filters.time_of_day.end", kind: "time", when: rows, group: "filters" },
  { name: "days_of_week", at: "filters.days_of_week", kind: "choices", values: [1, 2, 3, 4, 5, 6, 7], select: "day_of_week", when: rows, group: "filters" },
  { name: "device_states", at: "filters.device_states", kind: "choices", values: ["on", "off"], select: "device_state", when: rows, group: "filters" },
  { name: "exclude_outliers", at: "filters.exclude_outliers", kind: "flag", when: rows, group: "filters" },
  { name: "locale", at: "options.locale", kind: "choice", values: ["en", "fr"], select: "locale", when: inFormat("locale"), group: "look" },
  { name: "delimiter", at: "options.delimiter", kind: "text", when: inFormat("delimiter"), group: "look" },
  { name: "decimal_places", at: "options.decimal_places", kind: "number", when: inFormat("decimal_places"), group: "look" },
  { name: "timezone", at: "options.timezone", kind: "text", when: inFormat("timezone"), group: "look" },
  { name: "include_headers", at: "options.include_headers", kind: "flag", when: inFormat("include_headers"), group: "look" },
  { name: "machine_names", at: "options.machine_names", kind: "flag", when: inFormat("machine_names"), group: "look" },
  { name: "compression", at: "performance_options.compression", kind: "flag", when: (type, format) => format.compressible, group: "look" },
  { name: "cache_results", at: "performance_options.cache_results", kind: "flag", when: takes("date_range"), group: "look" },
  { name: "chunk_size", at: "performance_options.chunk_size", kind: "number", when: () => true, group: "look" },
  { name: "anonymize_ip_addresses", at: "privacy_options.anonymize_ip_addresses", kind: "flag", when: () => true, group: "privacy" },
  { name: "exclude_user_data", at: "privacy_options.exclude_user_data", kind: "flag", when: () => true, group: "privacy" },
  { name: "hash_device_identifiers", at: "privacy_options.hash_device_identifiers", kind: "flag", when: () => true, group: "privacy" },
  { name: "remove_location_data", at: "privacy_options.remove_location_data", kind: "flag", when: () => true, group: "privacy" },
];

export const PRESETS = ["today", "yesterday", "last_7_days", "last_30_days", "this_week", "last_week", "this_month", "last_month", "this_year", "last_year"];

function put(request, at, value) {
  const names = at.split(".");
  const last = names.pop();
  let place = request;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

const isGiven = (value) => value !== "" && value !== undefined && value !== null && !(typeof value === "object" && !Object.keys(value).length);

/** What has been typed stays as it is until here. */
const READ = {
  number: Number,
  texts: (text) => [text].flat().join(",").split(",").map((one) => one.trim()).filter(Boolean),
};

/** Return the request that a draft of the form stands for. */
export function requestOf(draft, type, format) {
  const request = { export_type: type.id, format: format.id };
  if (type.takes.includes("date_range")) {
    request.date_range = draft.preset === "custom" ? { start: draft.start, end: draft.end } : draft.preset;
  }
  if (type.takes.includes("devices") && draft.devices) request.devices = draft.devices;
  for (const option of OPTIONS) {
    const value = draft.options[option.name];
    if (isGiven(value) && option.when(type, format, draft)) put(request, option.at, READ[option.kind]?.(value) ?? value);
  }
  const formulas = draft.customFields.filter((one) => one.name || one.formula);
  if (formulas.length && type.takes.includes("custom_fields")) request.custom_fields = formulas;
  return request;
}

/** Return the draft that a request came from, as far as the form can show it. */
export function draftOf(request) {
  const range = request.date_range;
  const draft = {
    type: request.export_type,
    format: request.format,
    preset: typeof range === "string" ? range : range ? "custom" : "last_month",
    start: range?.start ?? "",
    end: range?.end ?? "",
    devices: Array.isArray(request.devices) ? request.devices : null,
    options: {},
    customFields: request.custom_fields ?? [],
  };
  for (const { name, at } of OPTIONS) {
    const value = at.split(".").reduce((place, key) => place?.[key], request);
    if (value !== undefined) draft.options[name] = value;
  }
  return draft;
}

const DAY = 86_400_000;

/** The preset that is most like days or times that are named, for what is made again and again. */
export function presetLike({ start, end }) {
  const days = (Date.parse(end) - Date.parse(start)) / DAY + (end.length > 10 ? 0 : 1);
  const isMonday = new Date(start.slice(0, 10)).getUTCDay() === 1;
  const presets = [
    [1, "yesterday"],
    [7, isMonday ? "last_week" : "last_7_days"],
    [30, start.slice(8, 10) === "01" ? "last_month" : "last_30_days"],
    [365, "last_year"],
  ];
  const farness = ([length]) => Math.abs(Math.log(days / length));
  return presets.reduce((best, one) => (farness(one) < farness(best) ? one : best))[1];
}

/** How often a period is over, and so its file worth making again. */
export const everyOf = (preset) => (/day$/.test(preset) ? "day" : /week$|7_days$/.test(preset) ? "week" : "month");

/** A file of days. What a spreadsheet opens is written as it reads numbers in the user's language. */
export function daysOf(date_range, language) {
  const request = { export_type: "device_data", format: "csv", date_range, aggregation: "daily" };
  return language.startsWith("fr") ? { ...request, options: { locale: "fr" } } : request;
}

/** Which field of the form an error's `field` is about, as the action calls it. */
export function fieldName(field) {
  if (!field) return null;
  const option = OPTIONS.find((one) => one.at === field || field.startsWith(`${one.at}[`));
  return option?.name ?? field.replace(/\[.*$/, "").split(".").pop();
}
