"""Write the record for the lab's side, as HL7 v2 messages and FHIR bundles. (pure)"""
