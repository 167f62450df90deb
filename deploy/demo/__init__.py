"""`make demo`: the main job from registration to report and audit, on a real survey, through the gateway."""
