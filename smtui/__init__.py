"""smtui listens to a library of sounds once and lets people find their way in it by keyboard."""
