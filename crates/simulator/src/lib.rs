//! A faithful JumpCloud Directory Insights server with faults on a switch
