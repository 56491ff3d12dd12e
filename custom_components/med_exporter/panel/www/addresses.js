// Home Assistant's own pages that the panel leads to.

export const ADD = "/config/integrations/dashboard/add?domain=med_exporter";
export const INTEGRATION = "/config/integrations/integration/med_exporter";
export const entryAddress = (entryId) => `${INTEGRATION}#config_entry=${entryId}`;
