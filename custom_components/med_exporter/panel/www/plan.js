// What a schedule is to make, kept from one view to the other.

const PLAN = "med_exporter.plan";

export const keepPlan = (request) => sessionStorage.setItem(PLAN, JSON.stringify(request));

export function takePlan() {
  const kept = sessionStorage.getItem(PLAN);
  sessionStorage.removeItem(PLAN);
  return kept && { request: JSON.parse(kept) };
}
