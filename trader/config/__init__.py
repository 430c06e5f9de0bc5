"""Configuration in: five YAML files become one frozen `Config`, or one error that says all that is wrong with them."""

from trader.config.checking import params_problems
from trader.config.config import Config
from trader.config.loading import ParamsChecker, load_config
from trader.config.problem import ConfigError, Problem

__all__ = ["Config", "ConfigError", "ParamsChecker", "Problem", "load_config", "params_problems"]
